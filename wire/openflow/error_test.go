// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"errors"
	"strings"
	"testing"

	of "github.com/linkspan/linkspan/wire/openflow"
)

// TestErrorNamesAsOpenVSwitchPrintsThem asks for every code in use.
func TestErrorNamesAsOpenVSwitchPrintsThem(t *testing.T) {
	var list []of.ErrorMessage
	for typ := of.ErrorHelloFailed; typ <= of.ErrorTableFeaturesFailed; typ++ {
		for code := range uint16(17) {
			list = append(list, of.ErrorMessage{Type: typ, Code: code})
		}
	}
	for code := range uint16(46) {
		list = append(list, of.ErrorMessage{Type: of.ErrorExperimenter, Code: code, Experimenter: of.Nicira})
	}
	for code := uint16(2299); code < 2318; code++ {
		list = append(list, of.ErrorMessage{Type: of.ErrorExperimenter, Code: code, Experimenter: of.ONF})
	}
	for _, e := range list {
		line, _, _ := strings.Cut(ofPrint(t, e.Append(nil, testXID)), "\n")
		_, theirs, _ := strings.Cut(line, "): ")
		if strings.Contains(theirs, "***") || strings.Contains(theirs, "decode error") {
			theirs = ""
		}
		// The specification's "unknown" codes are not printed by name.
		ours := e.Name()
		if theirs == "" && strings.Contains(ours, "UNKNOWN") {
			continue
		}
		if ours != theirs {
			t.Errorf("%d/%d of %#x: ours %q, theirs %q", e.Type, e.Code, e.Experimenter, ours, theirs)
		}
	}
}

func TestErrorMessageIsAnError(t *testing.T) {
	req := (&of.MeterMod{MeterID: 1}).Append(nil, 9)
	sent := of.ErrorMessage{Type: of.ErrorMeterModFailed, Code: of.CodeMeterExists, Data: req}
	var got of.ErrorMessage
	if err := got.Decode(sent.Append(nil, 9)); err != nil {
		t.Fatal(err)
	}
	var err error = &got
	var as *of.ErrorMessage
	if !errors.As(err, &as) || as.Code != of.CodeMeterExists {
		t.Fatalf("got %v", err)
	}
	if want := "openflow: OFPMMFC_METER_EXISTS for meter_mod"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	if got := (&of.ErrorMessage{Type: 99, Code: 3}).Error(); got != "openflow: error type 99 code 3" {
		t.Errorf("got %q", got)
	}
}
