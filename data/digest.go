package data

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
)

// SHA256 returns the digest of a file, as sha256sum prints it.
func SHA256(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	h := sha256.New()
	_, err = io.Copy(h, file)
	return fmt.Sprintf("%x", h.Sum(nil)), err
}
