// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// Load gives the archive to the engine behind the unix socket (Docker Engine
// API, POST /images/load) and waits until it is there.
func Load(ctx context.Context, socket string, archive []byte) error {
	resp, err := call(ctx, socket, http.MethodPost, "/images/load?quiet=1", bytes.NewReader(archive))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return refusal(resp)
	}
	return progress(resp.Body)
}

// progress reads the engine's messages to their end: a load that goes wrong
// half way answers 200 and tells it there.
func progress(r io.Reader) error {
	messages := json.NewDecoder(r)
	for {
		var message struct {
			Error string `json:"error"`
		}
		err := messages.Decode(&message)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("load image: %w", err)
		}
		if message.Error != "" {
			return fmt.Errorf("load image: %s", message.Error)
		}
	}
}

// call speaks to the engine without naming a version, which every engine takes
// as its own newest.
func call(ctx context.Context, socket, method, path string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://docker"+path, body)
	if err != nil {
		return nil, fmt.Errorf("ask the engine: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-tar")
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask the engine: %w", err)
	}
	return resp, nil
}

func refusal(resp *http.Response) error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
	return fmt.Errorf("engine answers %s: %s", resp.Status, strings.TrimSpace(string(body)))
}
