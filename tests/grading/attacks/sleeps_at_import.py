"""Never ends to be imported.

verdict: compute_KL timeout
must not: stop the grader
"""

import threading

threading.Event().wait()
