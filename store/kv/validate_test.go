// SPDX-License-Identifier: Apache-2.0

package kv_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/store/kv"
)

func FuzzCheckKey(f *testing.F) {
	for _, key := range []string{"", "a", "a/b", "/", "a//b", "a/../b", "\x00", "\xff", strings.Repeat("k", kv.MaxKey+1)} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		err := kv.CheckKey(key)
		if err != nil && !errors.Is(err, kv.ErrInvalid) {
			t.Fatalf("error is %v, want invalid", err)
		}
		if asPrefix := kv.CheckPrefix(key + "/"); (asPrefix == nil) != (err == nil) {
			t.Fatalf("key %q: %v, prefix: %v", key, err, asPrefix)
		}
		if err == nil && kv.CheckPrefix(key) == nil {
			t.Fatalf("%q is both a key and a prefix", key)
		}
	})
}

func TestDeleteCarriesNothing(t *testing.T) {
	for _, op := range []kv.Op{
		{Kind: kv.OpDelete, Key: "k", Value: []byte{}},
		{Kind: kv.OpDelete, Key: "k", Lease: "1"},
		{Kind: kv.OpDelete + 1, Key: "k"},
	} {
		if err := (kv.Txn{Then: []kv.Op{op}}).Validate(); !errors.Is(err, kv.ErrInvalid) {
			t.Errorf("%+v: %v, want invalid", op, err)
		}
	}
}
