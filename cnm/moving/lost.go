// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"maps"
	"slices"
	"strings"
)

// otherwise are fields that may differ from what dockerd was given: it fills them in, or
// leaves out what it does not know and what has no effect.
func otherwise() []string {
	return []string{"NetworkingConfig", "HostConfig", "HostConfig.ConsoleSize", "Entrypoint"}
}

// lost lists what dockerd did not take over from what it was given: the container
// would run with less than it has. It names fields and tells no values, which may be
// secrets and would come into logs and events.
func lost(given fields, made *container) (list []string) {
	host := make(fields)
	given.read("HostConfig", &host)
	list = append(missing("", given, made.Config), missing("HostConfig.", host, made.Host)...)
	if entry := given.list("Entrypoint"); !slices.Equal(entry, []string{""}) && !same(value(given["Entrypoint"]), value(made.Config["Entrypoint"])) {
		list = append(list, "Entrypoint")
	}
	slices.Sort(list)
	return list
}

func missing(prefix string, given, made fields) (list []string) {
	for key := range maps.Keys(given) {
		if slices.Contains(otherwise(), prefix+key) || !given.has(key) || alike(key, value(given[key]), value(made[key])) {
			continue
		}
		list = append(list, prefix+key)
	}
	return list
}

// alike is same, but for fields of which several writings mean one thing.
func alike(key string, a, b any) bool {
	switch key {
	case "RestartPolicy":
		return same(restart(a), restart(b))
	case "CapAdd", "CapDrop":
		return slices.Equal(capabilities(a), capabilities(b))
	}
	return same(a, b)
}

// restart writes the policy that never restarts as it was written before API 1.43.
func restart(v any) any {
	policy, ok := v.(map[string]any)
	if !ok || policy["Name"] != "no" {
		return v
	}
	policy = maps.Clone(policy)
	policy["Name"] = ""
	return policy
}

// detached lists what dockerd did not take over of attachments. What it adds is its own,
// and addresses are looked at when it has started.
func detached(s *spec, made *container) (list []string) {
	for _, a := range s.Attachments {
		if !a.ofFabric() {
			continue
		}
		shown, there := made.NetworkSettings.Networks[a.Network]
		if !there {
			list = append(list, "network "+a.Network)
			continue
		}
		for key, given := range a.settings() {
			if key == "MacAddress" || empty(value(given)) || same(value(given), value(shown[key])) {
				continue
			}
			if key == "Aliases" && !slices.ContainsFunc(a.Settings.list(key), func(alias string) bool { return !slices.Contains(shown.list(key), alias) }) {
				continue
			}
			list = append(list, key+" in network "+a.Network)
		}
	}
	slices.Sort(list)
	return list
}

func capabilities(v any) (list []string) {
	all, _ := v.([]any)
	for _, one := range all {
		name, _ := one.(string)
		list = append(list, strings.TrimPrefix(strings.ToUpper(name), "CAP_"))
	}
	slices.Sort(list)
	return slices.Compact(list)
}
