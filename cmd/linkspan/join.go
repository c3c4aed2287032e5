// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/trust"
)

// joinedWithKey is where a switch keeps the id of the token it joined with.
const joinedWithKey = "joined-with"

// admission returns the controllers, after joining through one of them if this
// host has no certificate yet. A member that was given a token which it has not
// used tries it, once: a host that was removed comes back so. Whatever comes of
// it, a host with a certificate goes on with the one it has.
func (s *switchRole) admission(ctx context.Context, db kv.Store, keeper *trust.Keeper) ([]string, error) {
	if keeper.KeyPair() == nil {
		return s.joinFirst(ctx, db, keeper)
	}
	controllers, err := rememberControllers(ctx, db, s.controllers)
	if err != nil || !s.rejoins {
		return controllers, err
	}
	token, err := s.token()
	if err != nil || usedBefore(ctx, db, token) {
		return controllers, nil //nolint:nilerr // a member needs no token
	}
	towards := s.towards(token)
	if err := s.newJoining(towards, token, keeper).try(ctx); err != nil {
		s.log.Warn("the new join token is not used; this host goes on with its certificate", "token", token, "error", err)
		return controllers, nil
	}
	return towards, s.joined(ctx, db, token, towards)
}

// joinFirst joins, for as long as it takes a controller to answer.
func (s *switchRole) joinFirst(ctx context.Context, db kv.Store, keeper *trust.Keeper) ([]string, error) {
	token, err := s.awaitToken(ctx)
	if err != nil {
		return nil, err
	}
	s.waits(waitsForController)
	controllers := s.towards(token)
	if len(controllers) == 0 {
		return nil, noController()
	}
	j := s.newJoining(controllers, token, keeper)
	for wait := dialLimit / 10; ; wait = min(2*wait, dialLimit) {
		err := j.try(ctx)
		if err == nil {
			return controllers, s.joined(ctx, db, token, controllers)
		}
		if linkspan.CodeOf(err) != linkspan.Unavailable {
			return nil, err
		}
		s.log.Warn("not joined yet", "controllers", controllers, "error", err)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
	}
}

// towards returns the controllers to join through.
func (s *switchRole) towards(token trust.Token) []string {
	if len(s.controllers) > 0 {
		return s.controllers
	}
	return token.Addresses
}

// joined notes what a member must know at its next start.
func (s *switchRole) joined(ctx context.Context, db kv.Store, token trust.Token, controllers []string) error {
	if _, err := rememberControllers(ctx, db, controllers); err != nil {
		return err
	}
	_, err := db.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Put(joinedWithKey, []byte(token.ID.String()))}})
	return err
}

func usedBefore(ctx context.Context, db kv.Store, token trust.Token) bool {
	entry, err := db.Get(ctx, joinedWithKey)
	return err == nil && string(entry.Value) == token.ID.String()
}

// joining turns a token into a certificate; it may be tried again with the same
// key, so that an answer that was lost is given again.
type joining struct {
	role    *switchRole
	uplink  *uplink
	token   trust.Token
	keeper  *trust.Keeper
	request *trust.Request
}

func (s *switchRole) newJoining(controllers []string, token trust.Token, keeper *trust.Keeper) *joining {
	u := newUplink(controllers, trust.JoinConfig(token.CA, nil))
	return &joining{role: s, uplink: u, token: token, keeper: keeper}
}

func (j *joining) try(ctx context.Context) (err error) {
	defer j.uplink.api.Close()
	if j.request == nil {
		if j.request, err = trust.NewRequest(); err != nil {
			return err
		}
	}
	place, err := j.role.place(ctx, j.uplink.first)
	if err != nil {
		return err
	}
	r, err := j.uplink.api.Chassis.Join(ctx, connect.NewRequest(&apiv1.ChassisServiceJoinRequest{
		Token: j.token.Reveal(), Name: j.role.name, Csr: j.request.CSR(), Underlay: place.address.String(),
		Mtu: uint32(place.mtu), Version: version, Site: j.role.site,
	}))
	if err != nil {
		return api.FromRPC(err)
	}
	pair, err := j.request.Complete(r.Msg.GetCertificate(), j.token.CA, time.Now())
	if err != nil {
		return err
	}
	j.role.log.Info("joined", "name", pair.Identity().Name, "number", pair.Identity().Number)
	return j.keeper.Replace(pair)
}
