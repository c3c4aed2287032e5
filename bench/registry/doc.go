// SPDX-License-Identifier: Apache-2.0

// Command registry measures how long it takes to push an image to linkspan serve registry
// and to pull it, against Debian's docker-registry on the same disk: one of 100 MB in a few
// layers, and one of 1,000 small layers. Both serve TLS with the same kind of certificate to
// the same client; ours asks for a token as well. Each pair of pushes and of pulls is of an
// image that neither has seen, and the order changes from pair to pair.
//
//	bench/run registry -pairs 10
package main
