// SPDX-License-Identifier: Apache-2.0

package linkspan

// PolicyAction is what a policy does with what it selects. The zero value is
// none.
type PolicyAction uint8

// The actions.
const (
	PolicyAllow  PolicyAction = iota + 1 // let it pass, and its replies
	PolicyDeny                           // drop it
	PolicyReject                         // drop it and tell the sender
)

const wantAction = "allow, deny or reject"

var actionNames = [...]string{"", "allow", "deny", "reject"}

// ParsePolicyAction reads the form that String writes.
func ParsePolicyAction(s string) (PolicyAction, error) {
	for i, name := range actionNames {
		if name == s && i != 0 {
			return PolicyAction(i), nil
		}
	}
	return 0, &Error{Code: Invalid, Message: "action " + quote(s) + " is not known", Hint: "write " + wantAction}
}

// String returns the action in lower case; of the zero value, nothing.
func (a PolicyAction) String() string {
	if int(a) < len(actionNames) {
		return actionNames[a]
	}
	return ""
}

// MarshalText writes the form of String.
func (a PolicyAction) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads it.
func (a *PolicyAction) UnmarshalText(text []byte) error {
	v, err := ParsePolicyAction(string(text))
	*a = v
	return err
}

func (a PolicyAction) valid() bool { return a >= PolicyAllow && a <= PolicyReject }

// rank orders the actions of policies of one priority.
func (a PolicyAction) rank() int {
	switch a {
	case PolicyDeny:
		return 0
	case PolicyReject:
		return 1
	}
	return 2
}
