# SPDX-License-Identifier: Apache-2.0
foreach(module busy capability capacity fields mount record)
    decant_test(unit csi_${module} LINK decant_csi)
endforeach()
foreach(module format store)
    decant_test(unit csi_${module} SOURCES dir_fixture.c LINK decant_csi)
endforeach()
