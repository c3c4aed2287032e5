// SPDX-License-Identifier: Apache-2.0

package names

import (
	"context"
	"net/netip"

	"github.com/linkspan/linkspan"
)

// Question asks who bears a name in a network, or who has an address there.
// It has one of the two, and is comparable.
type Question struct {
	Network linkspan.NetworkID
	Name    string // in lower case
	Address netip.Addr
}

// Bearer is an attached endpoint that is an answer.
type Bearer struct {
	Address   netip.Addr
	Container string
}

// Source knows who bears which name.
type Source interface {
	// Ask returns the answers to each question, in the order of the questions.
	// Nobody is an empty answer and no error. The answers are not changed by
	// either side.
	Ask(ctx context.Context, questions []Question) ([][]Bearer, error)
}
