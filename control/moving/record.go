// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/linkspan/linkspan"
)

// Step is how far a move is.
type Step string

// The steps, as doc.go tells them.
const (
	Carrying Step = "carrying"
	Stopping Step = "stopping"
	Starting Step = "starting"
	Removing Step = "removing"
	Undoing  Step = "undoing"
)

// Record is a move that is under way, as it is stored.
type Record struct {
	ID        string             `json:"id"`
	Container string             `json:"container"` // Docker's id, on From
	Name      string             `json:"name"`
	From      linkspan.ChassisID `json:"from"`
	To        linkspan.ChassisID `json:"to"`
	FromName  string             `json:"from_name"`
	ToName    string             `json:"to_name"`
	Step      Step               `json:"step"`
	Made      string             `json:"made,omitempty"`    // Docker's id, on To
	Stopped   bool               `json:"stopped,omitempty"` // its stop was asked for
	Started   bool               `json:"started,omitempty"` // the new one's start was asked for
	Reason    string             `json:"reason,omitempty"`  // why it is undone
	Linked    string             `json:"linked,omitempty"`  // links that were at To before, as twins writes them
	Begun     time.Time          `json:"begun"`
	Actor     string             `json:"actor,omitempty"`
}

// idOf names the move of a container: there is one at a time.
func idOf(from linkspan.ChassisID, container string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d/%s", from, container))
	return hex.EncodeToString(sum[:6])
}

// subject names the container in events.
func (r *Record) subject() string { return r.FromName + "/" + r.Name }
