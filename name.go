// SPDX-License-Identifier: Apache-2.0

package linkspan

import "strings"

// MaxName is the longest name of a network or chassis, in bytes.
const MaxName = 63

// ValidateName checks a name that a person gives: what is named ("network"),
// then the name. Letters, digits, '_', '.', '-', beginning with a letter or a
// digit, as Docker has it; at most MaxName bytes.
func ValidateName(what, name string) error {
	if name == "" {
		return invalid("%s name is empty", what)
	}
	if len(name) > MaxName {
		return invalid("%s name %.20q... is longer than %d bytes", what, name, MaxName)
	}
	for i, r := range name {
		if alphanumeric(r) || i > 0 && (r == '_' || r == '.' || r == '-') {
			continue
		}
		return &Error{
			Code:    Invalid,
			Message: what + " name " + quote(name) + " has a character that is not allowed",
			Hint:    "use letters, digits, '_', '.', '-', and begin with a letter or a digit",
		}
	}
	return nil
}

func alphanumeric(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"` }
