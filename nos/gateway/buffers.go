// SPDX-License-Identifier: Apache-2.0

package gateway

import "sync"

// bufferSize is how much of an answer is copied at once, in bytes.
const bufferSize = 32 << 10

// buffers lends what answers are copied in.
type buffers struct{ free sync.Pool }

// Get implements httputil.BufferPool.
func (b *buffers) Get() []byte {
	if p, ok := b.free.Get().(*[]byte); ok {
		return *p
	}
	return make([]byte, bufferSize)
}

// Put implements httputil.BufferPool.
func (b *buffers) Put(p []byte) { b.free.Put(&p) }
