// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"fmt"

	"github.com/linkspan/linkspan"
)

// fail gives err the operation it ended, and keeps its code.
func fail(op, id string, err error) error {
	if err == nil {
		return nil
	}
	return &linkspan.Error{Code: linkspan.CodeOf(err), Op: op + " " + short(id), Err: err}
}

func invalid(format string, args ...any) *linkspan.Error {
	return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf(format, args...)}
}

func busy(name string, err error) *linkspan.Error {
	return &linkspan.Error{
		Code: linkspan.Unavailable, Message: name + " is being worked on", Hint: "try again", Err: err,
	}
}

// maxID is the longest id in use: Docker's have 64 characters, swarm's 25.
const maxID = 128

// checkID refuses what cannot be an id of Docker's or part of a key.
func checkID(what, id string) error {
	if id == "" || len(id) > maxID {
		return invalid("%s id is not 1 to %d characters long", what, maxID)
	}
	for _, r := range id {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			continue
		}
		return invalid("%s id %.64q has a character that is not allowed", what, id)
	}
	return nil
}
