"""The grader: points out of 100 for what a student hands in, and reports on it.

    gradebook.py   a class: what is marked already, and a row for each submission
    runner.py      the parent process: goes through the submissions
    session.py     one submission: its results, and what happens when it hangs or breaks
    outcome.py     what a submission may take, and what came out of it
    child.py       the parent's end of a child process
    worker.py      the child process: loads one submission, runs the checks on it
    submission.py  finds what was handed in, and the files that come along
    loading.py     loads the public names from it
    definitions.py takes the definitions out of a notebook
    guard.py       notices when a submission changes the checks or numpy.testing
    containment.py limits on memory and files, processes left behind
    marks.py       points.toml, and the points of a submission
    reports.py     table, JSON, Gradescope, CSV
    gradescope_kit.py the ZIP to upload to Gradescope

Each submission runs in a process group of its own, with limits on time and memory, in a folder of its own; its results
go to the parent as they come, through a pipe of their own. So a submission that hangs, ends the process, eats memory,
leaves processes behind, patches the checks or prints a fake report gets the points for what really works, and the next
one is unaffected. **This is no security boundary.** The code of a submission runs in one process with the checks and as
your user: it can read your files, and whoever sets out to forge a result can. Where you expect an attack rather than an
accident, grade in a container without network that is thrown away after each submission (`docker run --rm --network none
--memory 2g --pids-limit 200`), in a virtual machine, or in Gradescope's own box, and read the code behind surprising marks.
"""
