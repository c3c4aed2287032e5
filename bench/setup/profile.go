// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/linkspan/linkspan/bench/ofload"
	"github.com/linkspan/linkspan/bench/scenario"
)

// profileTime is how long the profile of Linkspan's CPU time is taken.
const profileTime = 5 * time.Second

// profile has Linkspan set up routes of both kinds, and of each fetches a
// profile meanwhile.
func (s *stage) profile(ctx context.Context) error {
	if err := os.MkdirAll(s.config.profiles, 0o755); err != nil {
		return err
	}
	for name, ask := range map[string]func(scenario.Switches) error{
		"one-chassis.pprof": s.fabric.AskSame, "two-chassis.pprof": s.fabric.AskTwo,
	} {
		if err := ask(s.ours); err != nil {
			return err
		}
		path := filepath.Join(s.config.profiles, name)
		if err := s.config.profileOf(ctx, s.linkspan, s.ours, path); err != nil {
			return err
		}
	}
	return nil
}

// profileOf writes a profile of a controller that answers what was prepared.
func (c *config) profileOf(ctx context.Context, l *linkspan, asking scenario.Switches, path string) error {
	fetched := make(chan error, 1)
	go func() { fetched <- fetch(ctx, "http://"+l.profiles, path) }()
	r, err := ofload.Run(ctx, asking, ofload.Load{Window: c.window, Duration: profileTime + time.Second})
	return errors.Join(err, r.Faults.Err(), <-fetched)
}

func fetch(ctx context.Context, base, path string) error {
	ctx, cancel := context.WithTimeout(ctx, 3*profileTime)
	defer cancel()
	url := fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", base, int(profileTime.Seconds()))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("profile: %s", response.Status)
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, response.Body)
	return errors.Join(err, file.Close())
}
