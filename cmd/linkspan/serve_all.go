// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"os"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/trust"
)

func (a *app) serveAll() *cobra.Command {
	var brain controllerRole
	var hand switchRole
	var images registryRole
	var withRegistry bool
	var logs logging
	page := newObserving()
	c := &cobra.Command{
		Use: "all", Short: "run a controller and a switch on this host", Args: exactly(0),
		Long: `Run a controller and a switch in one process. The switch joins by itself. With --registry a registry runs, too:
its settings are flags of this command that begin with registry, and settings of the section controller.`,
		Example: "  linkspan serve all\n  linkspan serve all --registry --registry-management-subnet 10.0.0.0/24",
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, role := range []string{"controller", "switch"} {
				if err := settle(cmd, role); err != nil {
					return err
				}
			}
			if hand.joinFile != "" {
				return usageError{errors.New("--join-file: the switch of serve all joins by itself")}
			}
			log, err := logs.logger(a.err)
			if err != nil {
				return err
			}
			hand.logging, log = logs.beside(log)
			brain.log, hand.log = log.With("role", "controller"), log.With("role", "switch")
			hand.recent = &logs.recent
			brain.socket = a.target.serving()
			brain.more, brain.beside = hand.checks, hand.beside
			hand.token = func() (trust.Token, error) { return ownToken(cmd.Context(), brain.socket) }
			brain.out, brain.observed, hand.observed = a.out, page.role("controller"), page.role("switch")
			var beside *registryRole
			if withRegistry {
				beside = &images
				images.withController(&brain, page.role("registry"), log.With("role", "registry"))
			}
			return page.during(cmd.Context(), log, func(ctx context.Context) error { return both(ctx, &brain, &hand, beside) })
		},
	}
	c.Flags().String("config", configFile, "read settings from this `file`")
	brain.addFlags(c.Flags())
	hand.addFlags(c.Flags())
	c.Flags().BoolVar(&withRegistry, "registry", false, "run a registry, too, certified by the controller's CA")
	images.addFlags(c.Flags(), "registry-")
	page.addFlags(c.Flags(), controllerPage)
	_ = c.Flags().MarkHidden("join-file") // it joins itself
	logs.addFlags(c.Flags())
	return c
}

// both has the switch join, and the registry start if there is one, once the controller
// answers; each ends the others.
func both(ctx context.Context, brain *controllerRole, hand *switchRole, images *registryRole) error {
	parts, ctx := errgroup.WithContext(ctx)
	up := make(chan struct{})
	parts.Go(func() error { return brain.run(ctx, func() { close(up) }) })
	upped := func(ctx context.Context) error {
		select {
		case <-up:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if images != nil {
		parts.Go(func() error {
			if err := upped(ctx); err != nil {
				return err
			}
			return images.run(ctx, func(address string) { images.log.Info("ready", "address", address) })
		})
	}
	hand.await = func(ctx context.Context) error {
		if err := upped(ctx); err != nil {
			return err
		}
		if len(hand.controllers) == 0 {
			hand.controllers = brain.advertise
		}
		return nil
	}
	parts.Go(func() error {
		return hand.run(ctx, func() { isReady(hand.log, "socket", brain.socket, "plugin", hand.plugin) })
	})
	return parts.Wait()
}

// ownToken asks the controller of this process to let its own switch in.
func ownToken(ctx context.Context, socket string) (trust.Token, error) {
	client := api.Unix(socket)
	defer client.Close()
	r, err := client.Switches.CreateToken(ctx, connect.NewRequest(&apiv1.SwitchServiceCreateTokenRequest{}))
	if err != nil {
		return trust.Token{}, api.FromRPC(err)
	}
	t, err := trust.ParseToken(r.Msg.GetToken())
	return t, errors.Join(err, os.Unsetenv(trust.TokenVariable))
}
