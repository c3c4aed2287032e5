// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"maps"
	"slices"

	"github.com/linkspan/linkspan"
)

// keepable returns the labels of a container that a record may have, and the
// names of those that are too many or too long for it: of all, in the order of
// their names, each that still fits is kept, so that it is the same ones each time.
// The labels are the container's, with those of its image, as docker inspect shows
// them; an endpoint has none of its own in Docker, and its driver options are not
// labels.
func keepable(labels map[string]string) (kept map[string]string, left []string) {
	if linkspan.ValidateLabels("", labels) == nil {
		return labels, nil
	}
	kept = make(map[string]string, linkspan.MaxLabels)
	size := 0
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		bytes := len(key) + len(labels[key])
		if len(kept) == linkspan.MaxLabels || size+bytes > linkspan.MaxLabelBytes {
			left = append(left, key)
			continue
		}
		kept[key] = labels[key]
		size += bytes
	}
	return kept, left
}
