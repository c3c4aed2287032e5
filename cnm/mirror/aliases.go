// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"context"
	"slices"

	"github.com/moby/moby/client"

	"github.com/linkspan/linkspan"
)

// shortID is how much of a container's id Docker gives it as a name, bytes.
const shortID = 12

// Aliases implements [Docker]. The list of containers does not have them, so
// that this may have to wait for one that is being changed.
func (e *Engine) Aliases(ctx context.Context, container string) (map[string][]string, error) {
	c, err := e.dial(false)
	if err != nil {
		return nil, err
	}
	result, err := c.ContainerInspect(ctx, container, client.ContainerInspectOptions{})
	if err != nil {
		return nil, dockerError("inspect container", err)
	}
	aliases := make(map[string][]string)
	if result.Container.NetworkSettings == nil {
		return aliases, nil
	}
	own := ownName([]string{result.Container.Name})
	id := result.Container.ID
	for _, settings := range result.Container.NetworkSettings.Networks {
		if settings != nil {
			given := slices.Concat(settings.Aliases, settings.DNSNames, []string{id[:min(len(id), shortID)]})
			aliases[settings.EndpointID] = proper(given, own)
		}
	}
	return aliases, nil
}

// proper sorts names and leaves out what is there twice, the container's own
// name, and what an endpoint cannot have.
func proper(names []string, own string) []string {
	names = slices.DeleteFunc(names, func(name string) bool {
		return name == "" || name == own || len(name) > linkspan.MaxAlias
	})
	slices.Sort(names)
	names = slices.Compact(names)
	return names[:min(len(names), linkspan.MaxAliases)]
}
