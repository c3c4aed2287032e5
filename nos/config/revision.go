// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Author is who does something, and by what means.
type Author struct {
	Who string `json:"who"` // a user's name
	How string `json:"how"` // shell, api, file, boot, return
}

// String returns "ann by shell".
func (a Author) String() string { return a.Who + " by " + a.How }

// Revision is one committed configuration, without the configuration itself.
type Revision struct {
	Number int       `json:"revision"` // from 1; never given twice to what was committed
	Time   time.Time `json:"time"`
	Author
	Comment string        `json:"comment,omitempty"`
	Confirm time.Duration `json:"confirm,omitempty"` // within which it had to be confirmed; 0 for none
	Of      int           `json:"of,omitempty"`      // the revision whose content it has again; 0 for none
}

// header is the first line of a revision's file; the commands follow.
type header struct {
	Revision
	Sum string `json:"sha256"` // of the commands
}

var errDamaged = errors.New("the file is damaged")

// encode returns a revision's file.
func (r Revision) encode(commands []byte) ([]byte, error) {
	sum := sha256.Sum256(commands)
	line, err := json.Marshal(header{r, hex.EncodeToString(sum[:])})
	if err != nil {
		return nil, err
	}
	return slices.Concat(line, []byte("\n"), commands), nil
}

// decodeRevision reads a revision's file, and whether all of it is there.
func decodeRevision(file []byte) (Revision, []byte, error) {
	line, commands, ok := bytes.Cut(file, []byte("\n"))
	var h header
	if !ok {
		return h.Revision, nil, errDamaged
	}
	if err := json.Unmarshal(line, &h); err != nil {
		return h.Revision, nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if sum := sha256.Sum256(commands); h.Sum != hex.EncodeToString(sum[:]) {
		return h.Revision, nil, fmt.Errorf("%w: its checksum is another one", errDamaged)
	}
	return h.Revision, commands, nil
}
