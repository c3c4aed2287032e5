// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/linkspan/linkspan/lab/boot"
	"github.com/linkspan/linkspan/lab/process"
)

const (
	recordFile     = "lab.json"
	fabricNode     = "fabric"
	controllerNode = "controller"
)

// record is what is written down about a lab, in its folder.
type record struct {
	Config   Config    `json:"config"`
	Created  time.Time `json:"created"`
	Complete bool      `json:"complete"` // Up has come to its end
}

func (r record) write() error {
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write lab: %w", err)
	}
	file := filepath.Join(r.Config.dir(), recordFile)
	if err := os.WriteFile(file+".new", raw, 0o600); err != nil {
		return fmt.Errorf("write lab: %w", err)
	}
	return os.Rename(file+".new", file)
}

// readRecord returns the record in the lab's folder; an empty one when the lab
// got no further than its folder.
func readRecord(dir string) (record, error) {
	raw, err := os.ReadFile(filepath.Join(dir, recordFile))
	if errors.Is(err, fs.ErrNotExist) {
		return record{}, nil
	}
	if err != nil {
		return record{}, fmt.Errorf("read lab: %w", err)
	}
	var r record
	if err := json.Unmarshal(raw, &r); err != nil {
		return record{}, fmt.Errorf("read lab in %s: %w", dir, err)
	}
	return r, nil
}

// readInit returns the first process of the node in the folder dir; the zero
// Identity, which is never alive, when the node has none.
func readInit(dir string) process.Identity {
	raw, err := os.ReadFile(filepath.Join(dir, boot.InitFile))
	if err != nil {
		return process.Identity{}
	}
	var id process.Identity
	if json.Unmarshal(raw, &id) != nil {
		return process.Identity{}
	}
	return id
}

// cgroupName is the control group of all of a lab's containers. It follows from
// the lab's folder alone, so that Down finds it when no record was written, and
// two labs of one name in two places do not share it.
func cgroupName(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return "linkspan-lab-" + hex.EncodeToString(sum[:8])
}

func controllerSocket(dir string) string {
	return filepath.Join(dir, controllerNode, boot.RunDir, "linkspan.sock")
}
