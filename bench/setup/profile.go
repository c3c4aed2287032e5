// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/linkspan/linkspan/bench/ofload"
)

// profileTime is how long the profile of Linkspan's CPU time is taken.
const profileTime = 5 * time.Second

// profile has Linkspan set up routes on one chassis and fetches its profile
// meanwhile.
func (s *stage) profile(ctx context.Context) error {
	if err := s.fabric.AskSame(s.ours); err != nil {
		return err
	}
	fetched := make(chan error, 1)
	go func() { fetched <- fetch(ctx, "http://"+s.linkspan.profiles, s.config.profile) }()
	r, err := ofload.Run(ctx, s.ours, ofload.Load{Window: s.config.window, Duration: profileTime + time.Second})
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
