// Filejudge verifies a person's file of records (kumihimo-records/1) from the file and a policy alone.
//
//	filejudge -policy POLICY [-last EARLIER_FILE] FILE
//
// The first word of its answer is the finding: COMPLETE, WITHHELD, ALTERED, WRONG WITNESS, TOO FEW WITNESSES, OLDER
// or MALFORMED. Exit code 0 for COMPLETE only, 1 for a file that fails, 2 for usage.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"judge"
)

// Findings, in the words of the program that is judged.
const (
	complete     = "COMPLETE"
	withheld     = "WITHHELD"
	altered      = "ALTERED"
	wrongWitness = "WRONG WITNESS"
	tooFew       = "TOO FEW WITNESSES"
	older        = "OLDER"
	malformed    = "MALFORMED"
)

// kept is how long records are kept: 7 years of 365.25 days.
const kept = (2556*24 + 18) * time.Hour

type finding struct {
	word, detail string
}

func (f *finding) Error() string { return f.word + ": " + f.detail }

func found(word, format string, values ...interface{}) error {
	return &finding{word, fmt.Sprintf(format, values...)}
}

func main() {
	policyFile := flag.String("policy", "", "whom to trust")
	lastFile := flag.String("last", "", "a file fetched earlier")
	flag.Parse()
	if *policyFile == "" || flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	policy, err := readPolicy(read(*policyFile))
	if err != nil {
		fmt.Fprintln(os.Stderr, "policy:", err)
		os.Exit(2)
	}
	var last []byte
	if *lastFile != "" {
		last = read(*lastFile)
	}
	said, err := judgeFile(read(flag.Arg(0)), policy, last)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(said)
}

func read(path string) []byte {
	data, err := os.ReadFile(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	return data
}

// judgeFile goes the whole way from the entries to the witnesses.
func judgeFile(data []byte, policy *policy, last []byte) (string, error) {
	file, err := readFile(data)
	if err != nil {
		return "", found(malformed, "%s", err)
	}
	epoch, names, err := judgeEpoch(file, policy)
	if err != nil {
		return "", err
	}
	if err := judgeChain(file, epoch, policy); err != nil {
		return "", err
	}
	if err := judgeLabel(file, policy); err != nil {
		return "", err
	}
	if last != nil {
		if err := judgeLast(file, epoch, last); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%s: shown %d, committed %d\nepoch %d; %d witnesses",
		complete, file.shown, file.n, epoch.number, names), nil
}

// judgeEpoch: proof, checkpoint, witnesses, epoch record, map.
func judgeEpoch(file *file, policy *policy) (*epoch, int, error) {
	proof, err := judge.ParseProof(file.tlog)
	if err != nil {
		return nil, 0, found(malformed, "%s", err)
	}
	checkpoint, err := policy.trust.Open(proof.Checkpoint)
	switch {
	case errors.Is(err, judge.ErrLog):
		return nil, 0, found(altered, "%s", err)
	case errors.Is(err, judge.ErrWrongWitness):
		return nil, 0, found(wrongWitness, "%s", err)
	case errors.Is(err, judge.ErrTooFew):
		return nil, 0, found(tooFew, "%s", err)
	case err != nil:
		return nil, 0, found(malformed, "%s", err)
	}
	if _, err := proof.Check([]byte(file.epoch), &policy.trust); err != nil {
		return nil, 0, found(altered, "%s", err)
	}
	epoch, err := readEpoch(file.epoch)
	if err != nil {
		return nil, 0, found(malformed, "epoch: %s", err)
	}
	root, total, err := climb(file, epoch.depth)
	if err != nil || !bytes.Equal(root, epoch.root) || total != epoch.total {
		return nil, 0, found(altered, "count and head are not in the map of this epoch")
	}
	return epoch, len(checkpoint.Times), nil
}

// judgeChain: as many records as were committed to, and exactly those entries.
func judgeChain(file *file, epoch *epoch, policy *policy) error {
	if file.shown < file.n {
		return found(withheld, "shown %d, committed %d", file.shown, file.n)
	}
	if file.shown > file.n {
		return found(altered, "more records are shown than were committed to")
	}
	edge, erased := epoch.time.Add(-kept), 0
	for i, line := range file.lines {
		if line.at != uint64(i+1) {
			return found(altered, "entry %d is missing", i+1)
		}
		if line.said == nil {
			erased = i + 1
		}
	}
	if !bytes.Equal(head(file.lines), file.head) {
		return found(altered, "the entries do not lead to the head")
	}
	for _, line := range file.lines[:erased] {
		if line.said != nil && line.said.time > edge.UnixMilli() {
			return found(altered, "an entry was erased although one before it is younger than seven years")
		}
	}
	japan := time.FixedZone("JST", 9*60*60)
	if erased > 0 && edge.In(japan).Format("2006-01-02") < policy.since {
		return found(altered, "an entry was erased although the ledger is younger than seven years")
	}
	return nil
}

// judgeLabel: the label is that of whoever looked, and that look is one of the entries.
func judgeLabel(file *file, policy *policy) error {
	event, commit, err := readEvent(file.evidence)
	if err != nil {
		return found(altered, "the label's papers: %s", err)
	}
	if err := event.CheckIndex(policy.s1, policy.s2, policy.key); err != nil {
		return found(altered, "the label: %s", err)
	}
	label := sha256.Sum256(append([]byte("label"), event.Element...))
	if !bytes.Equal(label[:], file.label) {
		return found(altered, "the label is another one")
	}
	for _, line := range file.lines {
		if line.said != nil && line.said.kind == "disclosed" &&
			line.said.tx == hex.EncodeToString(event.Tx) && line.said.commit == hex.EncodeToString(commit) {
			return nil
		}
	}
	return found(altered, "the look that made this file is not in it")
}

// judgeLast: nothing went back, and what was shown before is still there.
func judgeLast(now *file, epoch *epoch, last []byte) error {
	before, err := readFile(last)
	if err != nil {
		return found(malformed, "the earlier file: %s", err)
	}
	earlier, err := readEpoch(before.epoch)
	if err != nil {
		return found(malformed, "the earlier file: %s", err)
	}
	if !bytes.Equal(before.label, now.label) {
		return found(altered, "the earlier file is of another person")
	}
	if epoch.number < earlier.number || now.n < before.n {
		return found(older, "epoch %d with %d records, earlier epoch %d with %d",
			epoch.number, now.n, earlier.number, before.n)
	}
	if len(now.lines) < len(before.lines) || !bytes.Equal(head(now.lines[:len(before.lines)]), before.head) {
		return found(altered, "what the earlier file shows is not all here")
	}
	return nil
}

func head(lines []line) []byte {
	head := make([]byte, 32)
	for _, line := range lines {
		next := sha256.Sum256(append(append([]byte{4}, head...), line.hash...))
		head = next[:]
	}
	return head
}

// readEvent reads the papers of a look: the slip, both stamps, what the ledger shows of them; and the commitment.
func readEvent(evidence object) (*judge.Event, []byte, error) {
	r := reader{}
	body := r.bytes(r.object(evidence, "slip"), "body")
	slip := r.document(body)
	codes := r.object(slip, "codes")
	row := r.one(codes, "rows")
	one, ledger := r.stamp(r.object(evidence, "first"))
	two, _ := r.stamp(r.object(evidence, "second"))
	shown := r.object(evidence, "proof")
	target := "target_epoch"
	if ledger {
		target = "ledger_epoch"
	}
	event := &judge.Event{
		Tx:             r.bytes(slip, "tx"),
		Source:         judge.Domain{Label: r.text(evidence, "source"), Epoch: uint32(r.number(codes, "source_epoch"))},
		Target:         judge.Domain{Label: r.text(evidence, "target"), Epoch: uint32(r.number(codes, target))},
		D1:             r.bytes(codes, "d1"),
		D2:             r.bytes(codes, "d2"),
		X0:             r.bytes(row, "x0"),
		Cb:             r.bytes(row, "cb"),
		X1:             r.bytes(one, "x"),
		X2:             r.bytes(two, "x"),
		OperatorProof1: r.bytes(one, "proof"),
		OperatorProof2: r.bytes(two, "proof"),
		W:              r.bytes(shown, "w"),
		V1:             r.bytes(shown, "v1"),
		V2:             r.bytes(shown, "v2"),
		C1:             r.bytes(shown, "c1"),
		C2:             r.bytes(shown, "c2"),
		Element:        r.bytes(shown, "index"),
		Proof:          r.bytes(shown, "proof"),
	}
	commit := sha256.Sum256(append(r.bytes(slip, "salt"), body...))
	return event, commit[:], r.err
}

// stamp reads what an operator made of one person's code, and whether it was made for the ledger beside a provider.
func (r *reader) stamp(paper object) (object, bool) {
	stamp := r.document(r.bytes(paper, "body"))
	r.only(stamp, "commit", "ledger", "log", "operator", "row", "slip", "snapshot", "target", "time", "tx", "v")
	place := r.object(stamp, "log")
	r.only(place, "index", "origin")
	r.number(place, "index")
	r.text(place, "origin")
	for _, name := range []string{"operator", "time", "v"} {
		r.number(stamp, name)
	}
	for _, name := range []string{"commit", "slip", "tx"} {
		r.bytes(stamp, name)
	}
	r.text(stamp, "row")
	r.text(stamp, "snapshot")
	converted, ledger := r.object(stamp, "target"), stamp["ledger"] != nil
	if ledger {
		converted = r.object(stamp, "ledger")
	}
	r.only(converted, "proof", "xs")
	values := r.list(converted, "xs")
	if len(values) == 0 {
		r.fail("xs")
		return object{}, ledger
	}
	return object{"x": values[0], "proof": converted["proof"]}, ledger
}

func (r *reader) one(from object, name string) object {
	values := r.list(from, name)
	if len(values) != 1 {
		r.fail(name)
		return object{}
	}
	one, _ := values[0].(object)
	return one
}
