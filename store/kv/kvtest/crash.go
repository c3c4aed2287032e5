// SPDX-License-Identifier: Apache-2.0

package kvtest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/store/kv"
)

// crashEnv tells a test binary that it is the process to be killed, and on
// which path it shall open its store.
const crashEnv = "KVTEST_CRASH_PATH"

// acknowledged is how many writes the process gets done before it is killed,
// and crashes how often that happens on the same path.
const (
	acknowledged = 50
	crashes      = 3
)

// CrashMain turns the process into the victim of [Crash] if it was started as
// one, and then returns only with an error; otherwise it returns nil at once.
// TestMain calls it first, and exits on an error.
func CrashMain(open func(path string) (kv.Store, error)) error {
	path, victim := os.LookupEnv(crashEnv)
	if !victim {
		return nil
	}
	store, err := open(path)
	if err != nil {
		return err
	}
	ctx := context.Background()
	_, base, err := store.List(ctx, "")
	for i := 0; err == nil; i++ {
		key := fmt.Sprintf("crash/%d/%d", base, i)
		// Two keys in one transaction: both, or neither.
		_, err = store.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Put(key+"/a", []byte(key)), kv.Put(key+"/b", []byte(key))}})
		if err == nil {
			_, err = fmt.Println(key)
		}
	}
	return err
}

// Crash kills a process that writes to a store on a path with SIGKILL, several
// times over, and checks that a store opened there has everything that was
// acknowledged, and no half of a transaction.
func Crash(t *testing.T, path string, open func(path string) (kv.Store, error)) {
	written := make(map[string]bool)
	for range crashes {
		writeUntilKilled(t, path, written)
		checkSurvivors(t, path, open, written)
	}
}

// writeUntilKilled adds the keys that the process reported as written.
func writeUntilKilled(t *testing.T, path string, written map[string]bool) {
	t.Helper()
	victim := exec.CommandContext(t.Context(), os.Args[0])
	victim.Env = append(os.Environ(), crashEnv+"="+path)
	var complaints strings.Builder
	victim.Stderr = &complaints
	stdout, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stdout)
	for n := 0; ; n++ {
		if n == acknowledged {
			if err := victim.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			break // killed; a line without its end was not reported
		}
		if err != nil {
			t.Error(err)
			break
		}
		written[strings.TrimSuffix(line, "\n")] = true
	}
	_ = victim.Wait() // says that it was killed
	if len(written) < acknowledged {
		t.Fatalf("process wrote %d times only: %s", len(written), complaints.String())
	}
}

func checkSurvivors(t *testing.T, path string, open func(path string) (kv.Store, error), written map[string]bool) {
	t.Helper()
	store, err := open(path)
	if err != nil {
		t.Fatalf("open after the crash: %v", err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}()
	entries, _ := list(t.Context(), t, store, "crash/")
	revisions := make(map[string][]uint64)
	for _, entry := range entries {
		revisions[string(entry.Value)] = append(revisions[string(entry.Value)], entry.Revision)
	}
	for key := range written {
		if len(revisions[key]) == 0 {
			t.Errorf("%q was acknowledged and is lost", key)
		}
	}
	for key, pair := range revisions {
		if len(pair) != 2 || pair[0] != pair[1] {
			t.Errorf("%q survived in part: revisions %v", key, pair)
		}
	}
}
