// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"encoding/json"
	"testing"
	"time"
)

func TestDuration(t *testing.T) {
	for text, want := range map[string]string{
		"30s": "30s", "90s": "1m30s", "60m": "1h", "1h0m1s": "1h0m1s", "0": "0s", "10m": "10m", "100ms": "100ms", "20h0m0s": "20h",
		"1.5h": "1h30m", "10s": "10s", "87600h": "87600h",
	} {
		d, err := ParseDuration(text)
		if err != nil || d.String() != want {
			t.Errorf("%s is %s, %v", text, d, err)
		}
		if again, err := ParseDuration(d.String()); err != nil || again != d {
			t.Errorf("%s is read as %s, %v", d, again, err)
		}
	}
	for _, text := range []string{"", "30", "-1s", "87601h", "s", "1 s", "∞", "9223372036854775807s"} {
		if d, err := ParseDuration(text); CodeOf(err) != Invalid || HintOf(err) == "" {
			t.Errorf("%q is %s, %v", text, d, err)
		}
	}
	if Duration(0).Or(time.Second) != time.Second || Duration(3).Or(time.Second) != 3 {
		t.Error("Or")
	}
}

func TestDurationInJSON(t *testing.T) {
	type holder struct {
		D Duration `json:"d,omitzero"`
	}
	text, err := json.Marshal(holder{Duration(30 * time.Second)})
	if err != nil || string(text) != `{"d":"30s"}` {
		t.Errorf("%s, %v", text, err)
	}
	var h holder
	if err := json.Unmarshal(text, &h); err != nil || h.D != Duration(30*time.Second) {
		t.Errorf("%v, %v", h, err)
	}
	for _, wrong := range []string{`{"d":30}`, `{"d":"30"}`, `{"d":true}`} {
		if err := json.Unmarshal([]byte(wrong), &h); err == nil {
			t.Errorf("%s is read", wrong)
		}
	}
	if text, err := json.Marshal(holder{}); err != nil || string(text) != `{}` {
		t.Errorf("%s, %v", text, err)
	}
}

func FuzzParseDuration(f *testing.F) {
	f.Add("1h30m")
	f.Add("1h0m0.000000001s")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDuration(text)
		if err != nil {
			return
		}
		if again, err := ParseDuration(d.String()); err != nil || again != d {
			t.Errorf("%q is %s, which is read as %s, %v", text, d, again, err)
		}
	})
}
