// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
)

func TestLabelsThatFitAreKept(t *testing.T) {
	large := strings.Repeat("x", linkspan.MaxLabelBytes-30)
	many := make(map[string]string)
	for i := range linkspan.MaxLabels + 2 {
		many[fmt.Sprintf("l%03d", i)] = "v"
	}
	for name, c := range map[string]struct {
		labels map[string]string
		left   []string
	}{
		"none":                 {nil, nil},
		"few":                  {map[string]string{"app": "web"}, nil},
		"one that is too long": {map[string]string{"app": "web", "big": large, "tier": "front", "z": large}, []string{"z"}},
		"too many":             {many, []string{"l128", "l129"}},
	} {
		t.Run(name, func(t *testing.T) {
			before := maps.Clone(c.labels)
			kept, left := keepable(c.labels)
			if diff := cmp.Diff(c.left, left); diff != "" {
				t.Errorf("left out: %s", diff)
			}
			if len(kept)+len(left) != len(c.labels) || !maps.Equal(before, c.labels) {
				t.Errorf("%d kept of %d", len(kept), len(c.labels))
			}
		})
	}
}

func TestWhatIsKeptCanBeStored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels := rapid.MapOfN(rapid.StringN(1, 40, 60), rapid.StringN(0, 400, 900), 0, 2*linkspan.MaxLabels).Draw(t, "labels")
		kept, left := keepable(labels)
		if err := linkspan.ValidateLabels("it", kept); err != nil {
			t.Fatal(err)
		}
		for key, value := range labels {
			if got, ok := kept[key]; ok == slices.Contains(left, key) || ok && got != value {
				t.Fatalf("%q is kept %t and left %v", key, ok, left)
			}
		}
		again, _ := keepable(labels)
		if !maps.Equal(kept, again) {
			t.Fatal("another time other labels are kept")
		}
	})
}
