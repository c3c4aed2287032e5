// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

func TestLimitCheck(t *testing.T) {
	lacks := &linkspan.Error{Code: linkspan.Unavailable, Message: "the kernel cannot limit bandwidth", Hint: "load the modules"}
	for _, test := range []struct {
		limited     int
		lacks       error
		state       apiv1.Check_State
		found, hint string
	}{
		{2, nil, apiv1.Check_STATE_OK, "2 endpoints", ""},
		{0, lacks, apiv1.Check_STATE_OK, "none can be here: the kernel cannot", ""},
		{1, lacks, apiv1.Check_STATE_FAILED, "the kernel cannot", "load the modules"},
	} {
		got := limitCheck(test.limited, test.lacks)
		if got.GetState() != test.state || !strings.Contains(got.GetFound(), test.found) || got.GetHint() != test.hint {
			t.Errorf("%d, %v: got %v", test.limited, test.lacks, got)
		}
	}
}
