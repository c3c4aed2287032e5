// SPDX-License-Identifier: Apache-2.0

package bbolt

import (
	"encoding/binary"
	"fmt"

	"github.com/linkspan/linkspan/store/kv"
)

// encodeRecord returns an entry as the file has it.
func encodeRecord(revision uint64, value []byte) []byte {
	raw := make([]byte, 0, 8+len(value))
	raw = binary.BigEndian.AppendUint64(raw, revision)
	return append(raw, value...)
}

// decodeRecord returns the entry, with a copy of the value.
func decodeRecord(key, raw []byte) (kv.Entry, error) {
	if len(raw) < 8 {
		return kv.Entry{}, fmt.Errorf("record of %q has %d bytes, at least 8 are needed", key, len(raw))
	}
	return kv.Entry{
		Key:      string(key),
		Value:    append([]byte{}, raw[8:]...),
		Revision: binary.BigEndian.Uint64(raw),
	}, nil
}
