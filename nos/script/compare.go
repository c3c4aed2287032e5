// SPDX-License-Identifier: Apache-2.0

package script

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/linkspan/linkspan"
)

// Compare says for people, a line each and in order, what differs between two sets of composites:
// "- edge services dns image base/dns@sha256:..." is gone and "+ ..." has come.
func Compare(before, after []linkspan.Composite) ([]string, error) {
	old, err := flat(before)
	if err != nil {
		return nil, err
	}
	now, err := flat(after)
	if err != nil {
		return nil, err
	}
	var lines []string
	paths := maps.Clone(old)
	maps.Copy(paths, now)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		was, gone := old[path]
		is, come := now[path]
		if was == is && gone == come {
			continue
		}
		if gone {
			lines = append(lines, "- "+path+was)
		}
		if come {
			lines = append(lines, "+ "+path+is)
		}
	}
	return lines, nil
}

// flat returns each value of composites by its path, without values that say nothing.
func flat(set []linkspan.Composite) (map[string]string, error) {
	text, err := json.Marshal(set)
	if err != nil {
		return nil, err
	}
	var all any
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	values := map[string]string{}
	flatten(values, "", all)
	return values, nil
}

func flatten(into map[string]string, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, field := range v {
			if named(v) != name {
				flatten(into, path+name+" ", field)
			}
		}
	case []any:
		for i, item := range v {
			fields, _ := item.(map[string]any)
			if key := named(fields); key != "" {
				flatten(into, path+fmt.Sprint(fields[key])+" ", item)
			} else {
				flatten(into, fmt.Sprintf("%s%d ", path, i+1), item)
			}
		}
	case nil:
	default:
		into[path] = fmt.Sprint(v)
	}
}

// named returns the field by which an item of a list is known, "" if there is none.
func named(fields map[string]any) string {
	for _, name := range []string{"name", "interface"} {
		if fields[name] != nil {
			return name
		}
	}
	return ""
}
