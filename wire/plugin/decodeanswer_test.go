// SPDX-License-Identifier: Apache-2.0

package plugin_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/wire/plugin"
)

func TestDecodeAnswer(t *testing.T) {
	for _, test := range []struct {
		status int
		text   string
		failed string // words; "-": no failure, but an error; empty: none
	}{
		{200, `{"PoolID":"p"}`, ""},
		{200, "", ""},
		{200, "null", ""},
		{200, `{"PoolID":"p","Err":""}`, ""},
		{200, `{"Err":"no"}`, "no"},
		{200, `{"Error":"no"}`, "no"},
		{500, `{"Err":"no"}`, "no"},
		{500, "no", "no"},
		{500, `{}`, "the plugin failed"},
		{404, "", "the plugin failed"},
		{200, "<html>", "-"},
		{200, `{"PoolID":7}`, "-"},
		{200, strings.Repeat(" ", plugin.MaxBody+1), "-"},
	} {
		var answer plugin.RequestPoolResponse
		err := plugin.DecodeAnswer([]byte(test.text), test.status, &answer)
		var failed *plugin.FailedError
		switch {
		case test.failed == "" && err != nil,
			test.failed == "-" && (err == nil || errors.As(err, &failed)),
			len(test.failed) > 1 && (!errors.As(err, &failed) || failed.Error() != test.failed):
			t.Errorf("%d %.40q: got %v, want %q", test.status, test.text, err, test.failed)
		}
	}
}

// Whatever a plugin answers, it is an answer, a failure or an error.
func FuzzDecodeAnswer(f *testing.F) {
	f.Add(200, `{"PoolID":"p","Pool":"10.0.0.0/8","Data":{"a":"b"}}`)
	f.Add(500, `{"Err":"no"}`)
	f.Add(200, `{"Value":{"a":[1]}}`)
	f.Fuzz(func(t *testing.T, status int, text string) {
		for _, answer := range []any{nil, new(plugin.RequestPoolResponse), new(plugin.JoinResponse), new(plugin.EndpointInfo), new(plugin.CreateEndpointResponse)} {
			if err := plugin.DecodeAnswer([]byte(text), status, answer); err == nil && status != 200 {
				t.Errorf("status %d is taken for done", status)
			}
		}
	})
}
