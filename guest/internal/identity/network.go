package identity

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// interfaceName is what the guest's one interface is called.
const interfaceName = "eth0"

const netDir = "/sys/class/net"

// Network is how the guest's one interface is configured.
type Network struct {
	// Given to the interface, whatever it had
	MAC string
	// With prefix length
	Address string
	// Empty: no default route
	Gateway string
}

func (n Network) check() error {
	if mac, err := net.ParseMAC(n.MAC); err != nil || len(mac) != 6 {
		return fmt.Errorf("%.80q is not a MAC address", n.MAC)
	}
	if address, err := netlink.ParseAddr(n.Address); err != nil || address.IP.To4() == nil {
		return fmt.Errorf("%.80q is not an address with prefix length", n.Address)
	}
	if n.Gateway != "" && net.ParseIP(n.Gateway).To4() == nil {
		return fmt.Errorf("gateway %.80q is not an address", n.Gateway)
	}
	return nil
}

func (i Identity) configureNetwork() error {
	if i.Network == nil {
		return nil
	}
	name, err := Interface()
	if err == nil && name == "" {
		err = errors.New("the guest has no network interface")
	}
	if err != nil {
		return err
	}
	return i.Network.Configure(name)
}

// Interface is the name of the guest's one interface that is a device, not one that programs made; empty when there is
// none yet.
func Interface() (string, error) {
	return findInterface(netDir)
}

func findInterface(dir string) (string, error) {
	found, err := filepath.Glob(filepath.Join(dir, "*", "device"))
	if err != nil || len(found) == 0 {
		return "", err
	}
	for _, device := range found {
		if filepath.Base(filepath.Dir(device)) == interfaceName {
			return interfaceName, nil
		}
	}
	return filepath.Base(filepath.Dir(found[0])), nil
}

// Configure makes the interface's MAC, addresses and default route these and no others, while it is up: what was
// learned of the neighbours before is forgotten.
func (n Network) Configure(name string) error {
	handle, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer handle.Close()
	link, err := handle.LinkByName(name)
	if err != nil {
		return fmt.Errorf("find %s: %w", name, err)
	}
	if name != interfaceName {
		if err := handle.LinkSetName(link, interfaceName); err != nil {
			return fmt.Errorf("rename %s: %w", name, err)
		}
	}
	if err := n.setMAC(handle, link); err != nil {
		return err
	}
	if err := n.setAddress(handle, link); err != nil {
		return err
	}
	if err := handle.LinkSetUp(link); err != nil {
		return fmt.Errorf("bring up %s: %w", interfaceName, err)
	}
	return n.setRoute(handle, link)
}

func (n Network) setMAC(handle *netlink.Handle, link netlink.Link) error {
	mac, err := net.ParseMAC(n.MAC)
	if err != nil {
		return err
	}
	if bytes.Equal(link.Attrs().HardwareAddr, mac) {
		return nil
	}
	if err := handle.LinkSetHardwareAddr(link, mac); err != nil {
		return fmt.Errorf("set the MAC address %s: %w", n.MAC, err)
	}
	return nil
}

// setAddress takes the others away first: an address that is added beside one of the same network goes with it.
func (n Network) setAddress(handle *netlink.Handle, link netlink.Link) error {
	wanted, err := netlink.ParseAddr(n.Address)
	if err != nil {
		return err
	}
	present, err := handle.AddrList(link, netlink.FAMILY_V4)
	if err != nil {
		return fmt.Errorf("list addresses: %w", err)
	}
	for _, address := range present {
		if address.Equal(*wanted) {
			continue
		}
		if err := handle.AddrDel(link, &address); err != nil {
			return fmt.Errorf("remove address %s: %w", address.IPNet, err)
		}
	}
	if err := handle.AddrReplace(link, wanted); err != nil {
		return fmt.Errorf("set address %s: %w", n.Address, err)
	}
	return forgetNeighbours(handle, link)
}

func forgetNeighbours(handle *netlink.Handle, link netlink.Link) error {
	neighbours, err := handle.NeighList(link.Attrs().Index, netlink.FAMILY_V4)
	if err != nil {
		return fmt.Errorf("list neighbours: %w", err)
	}
	for _, neighbour := range neighbours {
		if neighbour.State == netlink.NUD_NOARP {
			continue
		}
		if err := handle.NeighDel(&neighbour); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("forget neighbour %s: %w", neighbour.IP, err)
		}
	}
	return nil
}

func (n Network) setRoute(handle *netlink.Handle, link netlink.Link) error {
	if n.Gateway == "" {
		return nil
	}
	route := netlink.Route{LinkIndex: link.Attrs().Index, Gw: net.ParseIP(n.Gateway)}
	if err := handle.RouteReplace(&route); err != nil {
		return fmt.Errorf("set the default route over %s: %w", n.Gateway, err)
	}
	return nil
}
