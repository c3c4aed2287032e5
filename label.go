// SPDX-License-Identifier: Apache-2.0

package linkspan

// Limits of what others write into records, so that no host can fill the store
// with one of them.
const (
	MaxLabels     = 128
	MaxLabelBytes = 16 << 10 // of all labels of one thing, keys and values
	MaxText       = 255      // of ids, container names, versions; bytes
)

// ValidateLabels checks the number and the size of labels; what is said to bear
// them.
func ValidateLabels(what string, labels map[string]string) error {
	size := 0
	for key, value := range labels {
		size += len(key) + len(value)
	}
	if len(labels) > MaxLabels || size > MaxLabelBytes {
		return invalid("%s has %d labels of %d bytes together; at most %d of %d bytes are kept", what, len(labels), size, MaxLabels, MaxLabelBytes)
	}
	return nil
}

func validateText(what, text string) error {
	if len(text) > MaxText {
		return invalid("%s is %d bytes long, at most %d are allowed", what, len(text), MaxText)
	}
	return nil
}
