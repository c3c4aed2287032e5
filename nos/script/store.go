// SPDX-License-Identifier: Apache-2.0

package script

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/config"
)

// The files.
const (
	stateFile       = "state.json"
	rootFile        = "root.json"
	statementPrefix = "statement-" // and the digest: the envelope
	newSuffix       = ".new"       // of a file that is not named yet
)

// Step is how far an update has come.
type Step string

// The steps. Before committing it goes back, from it on it goes on.
const (
	Planning   Step = "planning"
	Pulling    Step = "pulling"
	Preparing  Step = "preparing"
	Switching  Step = "switching"
	Gating     Step = "gating"
	Committing Step = "committing"
	Returning  Step = "returning"
)

// state is all that is remembered, in one file.
type state struct {
	Fleet     string            `json:"fleet,omitempty"`
	Epoch     uint64            `json:"epoch,omitzero"`  // of the newest script that was ever accepted
	Serial    uint64            `json:"serial,omitzero"` // likewise
	Digest    string            `json:"digest,omitempty"`
	Time      time.Time         `json:"time,omitzero"`       // the latest that any accepted script was issued: it is not earlier
	Committed string            `json:"committed,omitempty"` // digest of the script that the switch is
	Update    *update           `json:"update,omitempty"`    // under way
	Attempts  int               `json:"attempts,omitzero"`   // of the newest script, that were interrupted
	Receipt   *linkspan.Receipt `json:"receipt,omitempty"`   // the last
}

// update is an update under way.
type update struct {
	Digest string    `json:"digest"`
	Step   Step      `json:"step"`
	Began  time.Time `json:"began"`
	Reason string    `json:"reason,omitempty"` // why it returns
}

// store keeps the state and what it names. Its owner has a lock.
type store struct {
	disk config.Disk
	state
}

// open reads the state. One that is damaged is an error: nothing would be known of what was
// accepted before.
func (s *store) open() error {
	text, err := s.disk.Read(stateFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read what scripts were accepted: %w", err)
	}
	sum, body, _ := strings.Cut(string(text), "\n")
	if sum != sumOf([]byte(body)) {
		return damaged("its checksum is another one")
	}
	if err := json.Unmarshal([]byte(body), &s.state); err != nil {
		return damaged(err.Error())
	}
	return nil
}

func damaged(why string) error {
	return &linkspan.Error{
		Code: linkspan.Internal, Op: "scripts", Message: stateFile + " is damaged, so that no script is accepted: " + why,
		Hint: "put it back from a backup; without one, remove the folder of scripts and give a script of a new epoch",
	}
}

func sumOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// change changes the state; on an error it is as it was, in memory, and on disk the one or the other.
func (s *store) change(edit func(*state)) error {
	next := s.state
	if next.Update != nil {
		u := *next.Update
		next.Update = &u
	}
	edit(&next)
	body, err := json.Marshal(next)
	if err != nil {
		return err
	}
	if err := s.write(stateFile, append([]byte(sumOf(body)+"\n"), body...)); err != nil {
		return fmt.Errorf("write what scripts were accepted: %w", err)
	}
	s.state = next
	return nil
}

// write puts a file in its place so that after a loss of power there is the old content or the new.
func (s *store) write(name string, text []byte) error {
	if err := s.disk.Write(name+newSuffix, text); err != nil {
		return err
	}
	if err := s.disk.Rename(name+newSuffix, name); err != nil {
		return err
	}
	return s.disk.Sync()
}

func statementName(digest string) string {
	return statementPrefix + strings.TrimPrefix(digest, "sha256:") + ".json"
}

// tidy removes statements that the state does not name, and what was not finished. What cannot
// be removed is removed the next time.
func (s *store) tidy() error {
	names, err := s.disk.List()
	if err != nil {
		return err
	}
	needed := map[string]bool{stateFile: true, rootFile: true, statementName(s.Committed): true, statementName(s.Digest): true}
	if s.Update != nil {
		needed[statementName(s.Update.Digest)] = true
	}
	for _, name := range names {
		if !needed[name] && (strings.HasPrefix(name, statementPrefix) || strings.HasSuffix(name, newSuffix)) {
			err = errors.Join(err, s.disk.Remove(name))
		}
	}
	return err
}
