// SPDX-License-Identifier: Apache-2.0

package openflow

// DecodeError says what is wrong with received bytes. Decoders return these
// constants, some of them wrapped with the place where it happened; test with
// errors.Is. After an error from Reader the stream has no known boundary any
// more and must be closed; after one from a decoder only that message is lost.
type DecodeError uint8

// What can be wrong with received bytes.
const (
	// ErrLength: a length field contradicts what it measures.
	ErrLength DecodeError = iota + 1
	// ErrVersion: the message is not OpenFlow 1.3 and neither HELLO nor ERROR.
	ErrVersion
	// ErrTruncated: the bytes end inside a structure.
	ErrTruncated
	// ErrType: the message is of another type than the decoder's.
	ErrType
)

// Error returns the description in words.
func (e DecodeError) Error() string {
	switch e {
	case ErrLength:
		return "openflow: length field out of range"
	case ErrVersion:
		return "openflow: message is not version 1.3"
	case ErrTruncated:
		return "openflow: message ends too early"
	case ErrType:
		return "openflow: message of another type"
	}
	return "openflow: malformed message"
}

var _ error = DecodeError(0)
