// SPDX-License-Identifier: Apache-2.0

package rulebook

import (
	"fmt"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// World is whom policies are about, as a controller knows them.
type World struct {
	Chassis   []linkspan.Chassis
	Networks  []linkspan.Network
	Groups    []linkspan.Group
	Endpoints []linkspan.Endpoint
}

// View returns what a controller would have of the world and of policies. The numbers
// of policies need not be those that the controller gave them: none of them is of the
// same priority as another.
func (w *World) View(policies []linkspan.Policy) *view.View {
	var all []view.Change
	for i := range w.Chassis {
		all = append(all, view.PutChassis(&w.Chassis[i]))
	}
	for i := range w.Networks {
		all = append(all, view.PutNetwork(&w.Networks[i]))
	}
	for i := range w.Groups {
		all = append(all, view.PutGroup(&w.Groups[i]))
	}
	for i := range w.Endpoints {
		all = append(all, view.PutEndpoint(&w.Endpoints[i]))
	}
	for i := range policies {
		all = append(all, view.PutPolicy(&policies[i]))
	}
	v, _ := new(view.View).Apply(all...)
	return v
}

// How many there are of what containers have as labels.
const (
	apps  = 100
	tiers = 4
	envs  = 3
	teams = 20
)

// Labels returns those of container n, from 0: what it is for, and some that nobody
// asks for, as Compose sets.
func Labels(n int) map[string]string {
	app := n % apps
	return map[string]string{
		"app": appOf(app), "tier": fmt.Sprintf("tier%d", app%tiers), "env": envOf(n / apps % envs), "team": teamOf(app % teams),
		"com.docker.compose.project":          fmt.Sprintf("project%02d", app),
		"com.docker.compose.service":          appOf(app),
		"com.docker.compose.container-number": fmt.Sprint(n / apps),
	}
}

func appOf(n int) string  { return fmt.Sprintf("app%02d", n) }
func envOf(n int) string  { return [envs]string{"prod", "stage", "test"}[n] }
func teamOf(n int) string { return fmt.Sprintf("team%02d", n) }
