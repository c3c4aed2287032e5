// SPDX-License-Identifier: Apache-2.0

package kernel_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
)

func TestAMissingFeatureIsNamed(t *testing.T) {
	for f := kernel.Bridge; f <= kernel.Nftables; f++ {
		err := f.Explain(fmt.Errorf("make link: %w", unix.EOPNOTSUPP))
		if linkspan.CodeOf(err) != linkspan.Unavailable || !strings.Contains(err.Error(), "CONFIG_") || !strings.Contains(linkspan.HintOf(err), "modprobe ") {
			t.Errorf("%d: got %v, hint %q", f, err, linkspan.HintOf(err))
		}
		other := errors.New("other")
		if got := f.Explain(other); !errors.Is(got, other) || linkspan.CodeOf(got) == linkspan.Unavailable {
			t.Errorf("%d: another error became %v", f, got)
		}
		if f.Explain(nil) != nil {
			t.Errorf("%d: no error became one", f)
		}
	}
}

func TestNamesAndAddresses(t *testing.T) {
	if a, b := kernel.Name("lbr-", "a"), kernel.Name("lbr-", "b"); a == b || len(a) != 15 || a != kernel.Name("lbr-", "a") {
		t.Errorf("names are %s and %s", a, b)
	}
	e := cnm.Endpoint{ID: "e", Address: netip.MustParsePrefix("10.7.0.2/24")}
	other := cnm.Endpoint{ID: "other", Address: e.Address}
	if a, b := kernel.MAC("n", e), kernel.MAC("n", other); a != b || a[0] != 2 {
		t.Errorf("one address has %s and %s", a, b)
	}
	if kernel.MAC("n", e) == kernel.MAC("m", e) {
		t.Error("an address has one MAC in two networks")
	}
	e.MAC = linkspan.MAC{2, 1, 1, 1, 1, 1}
	if kernel.MAC("n", e) != e.MAC {
		t.Error("a given MAC was changed")
	}
}
