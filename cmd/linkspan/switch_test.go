// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	apiv1 "github.com/linkspan/linkspan/api/v1"
)

func TestStateOfASwitch(t *testing.T) {
	since := timestamppb.New(time.Unix(1000, 0))
	for want, s := range map[string]*apiv1.Switch{
		"away": {}, "starting": {Since: since}, "connected": {Since: since, Connected: true},
	} {
		if row := newSwitchRow(s); row.State != want || (row.Since != nil) != (s.Since != nil) {
			t.Errorf("got %+v, want %s", row, want)
		}
	}
}
