package sshd

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/crypto/ssh"

	"banger.dev/guest/internal/users"
)

// serverVersion tells what this is and no version: nobody needs one.
const serverVersion = "SSH-2.0-banger"

var (
	errNobody  = errors.New("the server has no identity yet")
	errRefused = errors.New("this key is not authorized for this user")
	errNoShell = errors.New("the account has no shell")
)

// config is what one connection is held to: no password, no SHA-1, no CBC, no key of less than 2048 bits that OpenSSH
// would not take either.
func (s *Server) config() (*ssh.ServerConfig, error) {
	s.mutex.Lock()
	hostKey, keys := s.hostKey, s.keys
	s.mutex.Unlock()
	if hostKey == nil {
		return nil, errNobody
	}
	config := &ssh.ServerConfig{
		Config: ssh.Config{
			KeyExchanges: []string{
				ssh.KeyExchangeMLKEM768X25519, ssh.KeyExchangeCurve25519,
				ssh.KeyExchangeECDHP256, ssh.KeyExchangeECDHP384, ssh.KeyExchangeECDHP521,
			},
			Ciphers: []string{
				ssh.CipherAES128GCM, ssh.CipherAES256GCM, ssh.CipherChaCha20Poly1305,
				ssh.CipherAES128CTR, ssh.CipherAES256CTR,
			},
			MACs: []string{ssh.HMACSHA256ETM, ssh.HMACSHA512ETM},
		},
		PublicKeyAuthAlgorithms: []string{
			ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256,
			ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
			ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSASHA512,
		},
		MaxAuthTries:  maxLoginTries,
		ServerVersion: serverVersion,
		PublicKeyCallback: func(client ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if _, err := accountOf(client.User()); err != nil || !isAmong(key, keys) {
				return nil, errRefused
			}
			return &ssh.Permissions{}, nil
		},
	}
	config.AddHostKey(hostKey)
	return config, nil
}

func isAmong(key ssh.PublicKey, keys []ssh.PublicKey) bool {
	for _, one := range keys {
		if bytes.Equal(key.Marshal(), one.Marshal()) {
			return true
		}
	}
	return false
}

// accountOf is whom a client logs in as: an account that has a shell which runs commands. Root needs none, since an image
// may have nothing but files to fetch.
func accountOf(name string) (users.User, error) {
	account, err := users.Account(name)
	if err != nil {
		return users.User{}, err
	}
	if account.Shell == "" {
		account.Shell = "/bin/sh"
	}
	if account.UID != 0 && !isShell(account.Shell) {
		return users.User{}, errNoShell
	}
	return account, nil
}

func isShell(path string) bool {
	if name := filepath.Base(path); name == "nologin" || name == "false" {
		return false
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
