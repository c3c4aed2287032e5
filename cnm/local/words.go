// SPDX-License-Identifier: Apache-2.0

package local

import (
	"fmt"
	"strings"

	"github.com/linkspan/linkspan"
)

// Docker's words for what it refuses.

func noNetwork(said string) error {
	return &linkspan.Error{
		Code: linkspan.NotFound, Message: "network " + said + " not found", Hint: "linkspan network ls shows those that there are",
	}
}

func noSandbox(said string) error {
	return &linkspan.Error{
		Code: linkspan.NotFound, Message: "No such sandbox: " + said, Hint: "linkspan sandbox ls shows those that there are",
	}
}

func ambiguous(said string, matches int, by string) error {
	return &linkspan.Error{
		Code: linkspan.Conflict, Message: fmt.Sprintf("network %s is ambiguous (%d matches found on %s)", said, matches, by),
		Hint: "name it by its whole id",
	}
}

func nameTaken(name string) error {
	return &linkspan.Error{Code: linkspan.Exists, Message: "network with name " + name + " already exists", Hint: "choose another name"}
}

// predefined are the names of Docker's own networks, kept for them.
func isPredefined(name string) bool {
	switch name {
	case "bridge", "host", "none", "default":
		return true
	}
	return false
}

func onPredefined(name string) error {
	return &linkspan.Error{
		Code: linkspan.Permission, Message: "operation is not permitted on predefined " + name + " network", Hint: "choose another name",
	}
}

func refuse(hint, format string, args ...any) error {
	return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// plain takes from an error the words that name steps and ids inside this
// program: what a person typed is in the message already.
func plain(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for {
		head, rest, found := strings.Cut(text, ": ")
		if !found || !isStep(head) {
			break
		}
		text = rest
	}
	return &linkspan.Error{Code: linkspan.CodeOf(err), Message: text, Hint: linkspan.HintOf(err)}
}

func isStep(words string) bool {
	for _, step := range []string{"create network ", "create endpoint ", "join endpoint ", "request pool ", "request address of ", "delete network ", "create sandbox "} {
		if strings.HasPrefix(words, step) && !strings.HasPrefix(words, "cannot") {
			return true
		}
	}
	return false
}
