// SPDX-License-Identifier: Apache-2.0

package names

import (
	"fmt"
	"testing"
)

func TestServersOfTheHost(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "[]",
		"nameserver 192.0.2.1\n": "[192.0.2.1]",
		"# nameserver 192.0.2.1\nsearch example.org\nnameserver\t2001:db8::1 # ours\nnameserver fe80::1%eth0": "[2001:db8::1 fe80::1%eth0]",
		"nameserver\nnameserver bogus\n nameserver 192.0.2.2":                                                 "[192.0.2.2]",
		"nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4":              "[192.0.2.1 192.0.2.2 192.0.2.3]",
	} {
		if got := fmt.Sprint(servers([]byte(text))); got != want {
			t.Errorf("%q names %s, want %s", text, got, want)
		}
	}
}
