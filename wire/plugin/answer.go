// SPDX-License-Identifier: Apache-2.0

package plugin

// ContentType is the media type of answers.
const ContentType = "application/vnd.docker.plugins.v1.2+json"

// The interfaces that a plugin can implement.
const (
	NetworkDriver = "NetworkDriver"
	IpamDriver    = "IpamDriver"
)

// Activation answers /Plugin.Activate.
type Activation struct {
	Implements []string
}

// Empty answers an operation that has nothing to say.
type Empty struct{}

// Failure answers an operation that failed. Network driver calls read Err,
// IPAM driver calls read Error.
type Failure struct {
	Err   string
	Error string
}

// NewFailure returns a failure that both kinds of calls can read.
func NewFailure(text string) Failure { return Failure{Err: text, Error: text} }
