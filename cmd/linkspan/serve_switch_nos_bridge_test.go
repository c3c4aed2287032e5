// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/linkspan/linkspan"
)

func TestTheBridgeKeepsItsAddress(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bridge.mac")
	first, err := bridgeAddress(file)
	if err != nil || first == (linkspan.MAC{}) || first[0]&3 != 2 {
		t.Fatalf("%s, %v", first, err)
	}
	if again, err := bridgeAddress(file); again != first || err != nil {
		t.Errorf("%s and then %s, %v", first, again, err)
	}
}

func TestTheBridgeHasAnAddressAlsoWhenItsFileIsBad(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "bridge.mac")
	for _, text := range []string{"", "nonsense"} { // of a full disk, and of whoever
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		mac, err := bridgeAddress(file)
		if mac == (linkspan.MAC{}) || err == nil {
			t.Errorf("of %q: %s, %v", text, mac, err)
		}
		if again, err := bridgeAddress(file); again != mac || err != nil {
			t.Errorf("%s and then %s, %v", mac, again, err)
		}
	}
	if mac, err := bridgeAddress(filepath.Join(file, "below")); mac == (linkspan.MAC{}) || err == nil {
		t.Errorf("of a file that cannot be written: %s, %v", mac, err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.new")); len(left) > 0 || err != nil {
		t.Error(left, err)
	}
}
