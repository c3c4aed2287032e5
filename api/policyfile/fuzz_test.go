// SPDX-License-Identifier: Apache-2.0

package policyfile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api/yamlfile"
)

// FuzzRead: whatever a file has, reading ends; what is read is valid, and what is
// wrong has a place in the file.
func FuzzRead(f *testing.F) {
	f.Add([]byte(good))
	files, _ := filepath.Glob("testdata/*.yaml")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		documents, err := Read("f", text)
		if err == nil {
			err = Check(documents)
		}
		if err == nil {
			for i := range documents {
				if bad := documents[i].Policy.Validate(); bad != nil {
					t.Fatalf("it is read, but %v", bad)
				}
			}
			return
		}
		placed(t, err)
	})
}

func FuzzReadConversations(f *testing.F) {
	f.Add([]byte("web1 h2/db1.back tcp/5432\n# x\n10.7.0.5 db1 icmp/8 # y\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := ReadConversations("f", text)
		if err != nil {
			placed(t, err)
			return
		}
		for _, c := range all {
			if c.From == "" || c.To == "" || c.Ports.Validate() != nil || c.Line < 1 || c.Column < 1 {
				t.Fatalf("read %+v", c)
			}
		}
	})
}

func FuzzPolicyPorts(f *testing.F) {
	f.Add("tcp/80-90")
	f.Add("ip/47")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := linkspan.ParsePolicyPorts(text)
		if err != nil {
			return
		}
		if again, err := linkspan.ParsePolicyPorts(p.String()); err != nil || again != p || p.Validate() != nil {
			t.Fatalf("%q is %+v, written %q, read %+v: %v", text, p, p, again, err)
		}
	})
}

func placed(t *testing.T, err error) {
	t.Helper()
	var wrong yamlfile.Problems
	if !errors.As(err, &wrong) || len(wrong) == 0 {
		t.Fatalf("got %v, want problems", err)
	}
	for _, p := range wrong {
		if p.Line < 1 || p.Column < 1 || p.Message == "" {
			t.Fatalf("got %+v", p)
		}
	}
}
