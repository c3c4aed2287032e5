// SPDX-License-Identifier: Apache-2.0

package openflow

import "bytes"

// Desc is a switch's description (spec 7.3.5.1).
type Desc struct {
	Manufacturer, Hardware, Software, Serial, Datapath string
}

// descLen is the length in bytes of the description.
const descLen = 3*256 + 32 + 256

// DecodeBody reads the body of a multipart reply.
func (d *Desc) DecodeBody(b []byte) error {
	if len(b) < descLen {
		return ErrTruncated
	}
	for _, f := range d.fields() {
		text, _, _ := bytes.Cut(b[:f.len], []byte{0})
		*f.text = string(text)
		b = b[f.len:]
	}
	return nil
}

// AppendBody appends the body of a multipart reply; longer texts are cut.
func (d *Desc) AppendBody(b []byte) []byte {
	for _, f := range d.fields() {
		text := make([]byte, f.len)
		copy(text[:f.len-1], *f.text)
		b = append(b, text...)
	}
	return b
}

type descField struct {
	text *string
	len  int
}

// fields lists the texts in wire order.
func (d *Desc) fields() [5]descField {
	return [5]descField{{&d.Manufacturer, 256}, {&d.Hardware, 256}, {&d.Software, 256},
		{&d.Serial, 32}, {&d.Datapath, 256}}
}
