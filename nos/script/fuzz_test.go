// SPDX-License-Identifier: Apache-2.0

package script_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/script"
)

// FuzzState has the state be anything with a checksum: it is read or refused, and what it names is
// never taken for a script that it is not.
func FuzzState(f *testing.F) {
	f.Add([]byte(`{"fleet":"f1","epoch":1,"serial":2,"committed":"sha256:../../etc","update":{"digest":"x","step":"committing"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		dir := t.TempDir()
		sum := sha256.Sum256(body)
		if err := os.WriteFile(filepath.Join(dir, "state.json"), append([]byte(hex.EncodeToString(sum[:])+"\n"), body...), 0o600); err != nil {
			t.Fatal(err)
		}
		disk, err := config.OpenDirectory(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer disk.Close()
		v, err := script.Open(script.Options{Disk: disk, Switch: "sw1"})
		if err != nil {
			return
		}
		if s, err := script.NewUpdater(v, script.Host{}, nil).Committed(); err == nil && s != nil {
			t.Errorf("it is %+v", s)
		}
	})
}

// FuzzCheckLines has lines of configuration be anything.
func FuzzCheckLines(f *testing.F) {
	base, err := schema.Base()
	if err != nil {
		f.Fatal(err)
	}
	f.Add("set vlans 10 description \"a b\"")
	f.Add("set nothing like that")
	f.Fuzz(func(t *testing.T, line string) {
		wrong, unjudged := script.CheckLines(base, []string{line})
		if len(wrong)+len(unjudged) > 1 {
			t.Errorf("%q, %q", wrong, unjudged)
		}
	})
}
