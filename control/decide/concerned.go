// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// Concerned returns the policies that select one party as sender and another as
// receiver, in the order in which they are asked, whatever ports they speak of. It is
// for people who want to know; who decides asks Memo.Rules.
func Concerned(v *view.View, from, to view.Party) []*linkspan.Policy {
	if v.CountPolicies() == 0 {
		return nil
	}
	var k Knowledge
	k.renew(v)
	return k.concerned(k.identify(v, from), k.identify(v, to))
}
