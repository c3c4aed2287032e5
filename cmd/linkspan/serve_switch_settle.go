// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/http"
	"time"
)

// settleLimit is how long what is typed on a host waits for what Docker made there a
// moment before.
const settleLimit = 5 * time.Second

// settle waits until the controller knows the networks that there are on this host: docker
// network create does not wait for it, and a person who has made one says its name in the
// next command. Others, on other hosts, learn of it a moment later.
func (h *host) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	h.mirror.Settle(ctx)
	h.told.Settle(ctx)
}

// afterSettling serves a request when settle, which may be nil, has come back.
func afterSettling(settle func(context.Context), next http.Handler) http.Handler {
	if settle == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		settle(r.Context())
		next.ServeHTTP(w, r)
	})
}
