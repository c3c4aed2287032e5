// SPDX-License-Identifier: Apache-2.0

package cnm_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/bridge"
	"github.com/linkspan/linkspan/cnm/ipam/pool"
	"github.com/linkspan/linkspan/store/kv/memory"
)

// Two sandboxes on a bridge, and a ping between them, with neither Docker nor a
// daemon. A program whose networks shall survive it opens its store with
// package store/kv/bbolt. It needs root.
func Example() {
	if err := example(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: 10.7.0.3 answers
}

func example(ctx context.Context) error {
	folder, err := os.MkdirTemp("", "cnm")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	c, err := cnm.New(cnm.Options{
		Store:     memory.New(),
		Drivers:   map[string]cnm.Driver{"bridge": bridge.New(bridge.Options{})},
		IPAMs:     map[string]cnm.IPAM{"pool": pool.New(pool.Options{})},
		Sandboxes: folder,
	})
	if err != nil {
		return err
	}
	web, err := c.NewNetwork(ctx, cnm.NetworkSpec{
		Name: "web", Driver: "bridge", Subnets: []cnm.SubnetSpec{{Subnet: prefix("10.7.0.0/24")}},
	})
	if err != nil {
		return err
	}
	defer c.DeleteNetwork(ctx, web.ID)
	var boxes []cnm.Sandbox
	var endpoints []cnm.Endpoint
	for _, name := range []string{"a", "b"} {
		box, err := c.NewSandbox(ctx, cnm.SandboxSpec{Name: name})
		if err != nil {
			return err
		}
		defer c.DeleteSandbox(ctx, box.ID)
		e, err := c.NewEndpoint(ctx, cnm.EndpointSpec{Name: name, Network: web.ID})
		if err != nil {
			return err
		}
		defer c.DeleteEndpoint(ctx, web.ID, e.ID)
		if _, err := c.Join(ctx, cnm.JoinRequest{Network: web.ID, Endpoint: e.ID, SandboxKey: box.Key}); err != nil {
			return err
		}
		boxes, endpoints = append(boxes, box), append(endpoints, e)
	}
	to := endpoints[1].Address.Addr().String()
	err = boxes[0].Do(func() error { return exec.Command("ping", "-c", "1", "-w", "10", to).Run() })
	if err != nil {
		return fmt.Errorf("ping %s: %w", to, err)
	}
	fmt.Println(to, "answers")
	return nil
}
