// SPDX-License-Identifier: Apache-2.0

package kv

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckKey returns [ErrInvalid] with the reason when the key is not one of the
// form that the package comment gives, and nil otherwise.
func CheckKey(key string) error {
	if err := keyForm(key); err != nil {
		return &Error{Code: Invalid, Op: "check key", Key: key, Err: err}
	}
	return nil
}

// CheckPrefix returns [ErrInvalid] with the reason when the prefix is neither
// empty nor a key followed by a slash, and nil otherwise.
func CheckPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	key, slash := strings.CutSuffix(prefix, "/")
	if !slash {
		return &Error{Code: Invalid, Op: "check prefix", Key: prefix, Err: errors.New("no slash at the end")}
	}
	if err := keyForm(key); err != nil {
		return &Error{Code: Invalid, Op: "check prefix", Key: prefix, Err: err}
	}
	return nil
}

func keyForm(key string) error {
	if len(key) == 0 || len(key) > MaxKey {
		return fmt.Errorf("length %d is not in 1 to %d", len(key), MaxKey)
	}
	if !utf8.ValidString(key) || strings.ContainsFunc(key, unicode.IsControl) {
		return errors.New("not printable UTF-8")
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return fmt.Errorf("segment %q is not allowed", segment)
		}
	}
	return nil
}

// Validate returns [ErrInvalid] when the transaction is malformed, and
// [ErrTooLarge] when it exceeds one of the limits. Every back end calls it
// first.
func (t Txn) Validate() error {
	if n := len(t.If) + len(t.Then); n > MaxTxn {
		err := fmt.Errorf("%d conditions and operations, limit is %d", n, MaxTxn)
		return &Error{Code: TooLarge, Op: "check transaction", Err: err}
	}
	size, err := t.checkConds()
	if err != nil {
		return err
	}
	n, err := t.checkOps()
	if err != nil {
		return err
	}
	if size += n; size > MaxTxnBytes {
		err := fmt.Errorf("%d bytes, limit is %d", size, MaxTxnBytes)
		return &Error{Code: TooLarge, Op: "check transaction", Err: err}
	}
	return nil
}

func (t Txn) checkConds() (size int, err error) {
	for _, cond := range t.If {
		if cond.Kind < CondAbsent || cond.Kind > CondRevision {
			err := fmt.Errorf("condition of unknown kind %d", cond.Kind)
			return 0, &Error{Code: Invalid, Op: "check transaction", Key: cond.Key, Err: err}
		}
		if err := CheckKey(cond.Key); err != nil {
			return 0, err
		}
		size += len(cond.Key)
	}
	return size, nil
}

func (t Txn) checkOps() (size int, err error) {
	seen := make(map[string]struct{}, len(t.Then))
	for _, op := range t.Then {
		if err := op.check(); err != nil {
			return 0, err
		}
		if _, twice := seen[op.Key]; twice {
			err := errors.New("key has more than one operation")
			return 0, &Error{Code: Invalid, Op: "check transaction", Key: op.Key, Err: err}
		}
		seen[op.Key] = struct{}{}
		size += len(op.Key) + len(op.Value)
	}
	return size, nil
}

func (o Op) check() error {
	if o.Kind != OpPut && o.Kind != OpDelete {
		return &Error{Code: Invalid, Op: "check transaction", Key: o.Key, Err: fmt.Errorf("operation of unknown kind %d", o.Kind)}
	}
	if o.Kind == OpDelete && (o.Value != nil || o.Lease != "") {
		return &Error{Code: Invalid, Op: "check transaction", Key: o.Key, Err: errors.New("deletion with a value or lease")}
	}
	if len(o.Value) > MaxValue {
		err := fmt.Errorf("value of %d bytes, limit is %d", len(o.Value), MaxValue)
		return &Error{Code: TooLarge, Op: "check transaction", Key: o.Key, Err: err}
	}
	return CheckKey(o.Key)
}
