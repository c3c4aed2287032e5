// SPDX-License-Identifier: Apache-2.0

package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/linkspan/linkspan/wire/plugin"
)

// Ping asks the plugin socket at path what Docker asks first, and returns an
// error when dockerd would not find a network driver there within 2 s.
func Ping(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://plugin/Plugin.Activate", strings.NewReader("{}"))
	if err != nil {
		return fmt.Errorf("ask plugin socket: %w", err)
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return fmt.Errorf("ask plugin socket: %w", err)
	}
	var answer plugin.Activation
	err = json.NewDecoder(io.LimitReader(response.Body, 1<<16)).Decode(&answer)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return fmt.Errorf("read answer of plugin socket: %w", err)
	}
	if !slices.Contains(answer.Implements, plugin.NetworkDriver) {
		return fmt.Errorf("plugin socket %s serves no network driver", path)
	}
	return nil
}
