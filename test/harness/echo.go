// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"fmt"
	"strings"
	"testing"
)

// Echo waits until one echo request is answered, with more options of ping: a single one
// may be lost on a busy machine, and all of them where nobody answers.
func (c *Container) Echo(t *testing.T, address string, options ...string) {
	t.Helper()
	argv := append([]string{"ping", "-c", "1", "-W", "5"}, options...)
	c.Prints(t, Words(), append(argv, address)...)
}

// Prints runs a command in the container until it succeeds and what it printed is as
// wanted, and returns that.
func (c *Container) Prints(t *testing.T, wanted func(out string) error, argv ...string) (out string) {
	t.Helper()
	Eventually(t, fmt.Sprintf("%s of %s: %s", c.Name, c.Host, strings.Join(argv, " ")), func() error {
		r := c.Try(argv...)
		if r.Exit != 0 {
			return fmt.Errorf("%v", r)
		}
		out = r.Out
		return wanted(out)
	})
	return out
}

// Words is what [Container.Prints] waits for where all of these are wanted.
func Words(all ...string) func(out string) error {
	return func(out string) error {
		for _, words := range all {
			if !strings.Contains(out, words) {
				return fmt.Errorf("there is no %q in\n%s", words, out)
			}
		}
		return nil
	}
}
