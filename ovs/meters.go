// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"encoding/binary"
	"fmt"
	"io"
)

// The few OpenFlow 1.3 constants that one question needs (OpenFlow 1.3.5,
// A.1 and A.3.5.14).
const (
	openflow13       = 4
	typeHello        = 0
	typeError        = 1
	typeMultipartReq = 18
	typeMultipartRep = 19
	meterFeatures    = 11
)

// maxMeters asks the bridge how many meters it can hold; 0 when it has none.
func maxMeters(conn io.ReadWriter) (uint32, error) {
	question := []byte{
		openflow13, typeHello, 0, 8, 0, 0, 0, 1,
		openflow13, typeMultipartReq, 0, 16, 0, 0, 0, 2, 0, meterFeatures, 0, 0, 0, 0, 0, 0,
	}
	if _, err := conn.Write(question); err != nil {
		return 0, fmt.Errorf("ask for meter features: %w", err)
	}
	for {
		kind, body, err := readMessage(conn)
		switch {
		case err != nil:
			return 0, fmt.Errorf("meter features: %w", err)
		case kind == typeError:
			return 0, nil
		case kind == typeMultipartRep && len(body) >= 12:
			return binary.BigEndian.Uint32(body[8:]), nil
		}
	}
}

func readMessage(r io.Reader) (kind byte, body []byte, err error) {
	var header [headerLen]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return 0, nil, err
	}
	size := int(binary.BigEndian.Uint16(header[2:]))
	if size < headerLen {
		return 0, nil, fmt.Errorf("a message of %d bytes", size)
	}
	body = make([]byte, size-headerLen)
	_, err = io.ReadFull(r, body)
	return header[1], body, err
}
