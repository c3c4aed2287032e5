// SPDX-License-Identifier: Apache-2.0

// Package load is TCP load between two ends: as many bytes as go through, one
// byte there and back again and again, or one connection after the other. The
// server serves all three; the client asks for one and says what came of it. It
// knows nothing of what lies between them.
//
//	go load.Serve(ctx, ":7000")
//	r, err := load.Run(ctx, load.Stream, "10.7.0.3:7000", 2*time.Second)
package load
