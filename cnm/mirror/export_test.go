// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"github.com/moby/moby/client"

	"github.com/linkspan/linkspan"
)

// CreateOptions are what the real dockerd is asked for, for a fake one.
func CreateOptions(n linkspan.Network) client.NetworkCreateOptions { return createOptions(n) }
