"""Exercises that are marked by what they compute, from outside the process that computes it.

The modules, each of which imports only those above it:

    language       English and Spanish
    child/         what runs a submission: it maps inputs to arrays and knows no answers; how it shuts itself in
    scratch        folders for temporary files that outlive nobody
    isolation      how well submissions are shut in here: levels L0 to L4
    parsing        zip files, notebooks and similarity of code, in a limited process of their own
    submission     a file or notebook of a student, as bytes
    statistics     is this noise normal, are these frequencies those of the model?
    scores         draws of any autoregressive model -> draws of N(0, 1)
    judging        is an answer right, and if not, which known mistake is it?
    cost           does the work of a function grow faster than the number of variables?
    samples        are these images draws of the model that was asked to make them?
    recursion      NADE's recursion with one thing wrong; pixel_mistakes: what goes wrong alike with all images
    references/    one file a topic: our own right functions
    mistakes/      one file a topic: the known wrong ones, and what they tell the student
    checks/        one file a topic: inputs, how a function is asked and judged, points, hints
    stand_ins      right functions for a child that asks, in a process of their own
    sandbox        the parent's side: starts children, asks, and stops them
    marking        one function of one submission -> a verdict
    handout        solutions/<topic>.py -> exercises/<topic>.py
    check          what `npgen check` does; state and overview remember and list; watch checks again; show draws
    screen         verdicts -> what a student reads
    secret         the seeds of a class, from a secret
    gradescope     the names of students in a download from there
    submissions    a folder of hand-ins -> who handed in what
    worker         one submission -> its verdicts, in a process that does this for one after another
    batch          a class -> one result a student, whatever is killed meanwhile
    pools          who does the work: processes of this machine, or a cluster; grade shows how far they are
    report         results -> a page for the instructor; exports and autograder for other systems
    commands       the command line
    pytest_plugin  `pytest exercises`
"""
